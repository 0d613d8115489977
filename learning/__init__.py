"""Learning: courses, their modules and units, as pages in many languages and as records in none."""
