"""The four pipelines: frames or words in, frames out, as a stream. One file per task, each with one public class."""
