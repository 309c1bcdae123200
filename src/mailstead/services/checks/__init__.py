"""Who a letter is really from: evidence is gathered once, and judged by what the domain of each recipient wants."""
