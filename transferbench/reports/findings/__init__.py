"""What is concluded from rows: claims, costs against gains, effects, power, gates."""
