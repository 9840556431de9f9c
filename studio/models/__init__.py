"""Networks only, one file per task, and the parts they share. No files are read here and nothing is trained here."""
