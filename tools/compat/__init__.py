"""Drop-in programs: upstream's names, arguments and formats on top of this project."""
