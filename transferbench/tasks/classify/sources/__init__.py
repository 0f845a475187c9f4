"""Where labelled pictures lie, and how they are read: folders, tar shards, Parquet, lists."""
