"""One recipe per checkpoint, in a literal table: ``studio.training.__main__`` imports the one that is asked for."""
