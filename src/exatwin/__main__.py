"""``python -m exatwin``."""

from exatwin.cli import main

if __name__ == "__main__":
    main()
