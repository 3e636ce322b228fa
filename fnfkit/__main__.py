"""`python -m fnfkit` is the command line."""

from fnfkit.cli.main import main

if __name__ == "__main__":
    main()
