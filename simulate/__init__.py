"""Publishers: recordings of real devices, played through a real transport. Imports core only."""
