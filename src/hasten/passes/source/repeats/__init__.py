"""Work that is done again with the same arguments while nothing changes that it depends on."""
