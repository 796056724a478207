"""The parts of a training job: its images, where pairs come from, how long, what is shown, the verdict."""
