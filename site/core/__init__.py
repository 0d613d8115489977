"""What every topic stands on: pages, blocks, vocabularies, components, routing and the page cache."""
