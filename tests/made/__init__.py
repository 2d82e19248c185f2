"""What tests are made of: sounds by rule, tiny models, files byte by byte."""
