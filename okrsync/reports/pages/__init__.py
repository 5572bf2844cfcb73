"""Reports laid out: what stands where, in which words. A page is data; the renderers turn it into any format."""
