"""What tests of several parts import; on the path of the tests alone."""
