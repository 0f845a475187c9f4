"""What a backbone is trained for and measured on."""
