"""Python to model: typed flows, functions, queues and topics. It has never heard of YAML or clouds."""
