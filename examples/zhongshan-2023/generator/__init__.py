"""The sample world, built from one seed with the standard library alone."""
