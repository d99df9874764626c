"""Write a GGUF file's weights as integers: python -m qa.int8 FILE FOLDER."""

import sys
from pathlib import Path

from qa.int8.weights import write

if __name__ == "__main__":
    write(Path(sys.argv[1]), Path(sys.argv[2]))
