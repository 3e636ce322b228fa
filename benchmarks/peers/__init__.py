"""The same workloads on other engines that install from the package index."""
