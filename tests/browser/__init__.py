"""Pages in a browser. This file makes the folder a package, for as long as whose tests a fixture may live."""
