"""Which item serves which key result: rules, aliases, hierarchy, pull requests and people's own links. Pure."""
