"""Networks only, one file per task, and the parts they share. Nothing is trained here, and no
files are read but a studied look's own."""
