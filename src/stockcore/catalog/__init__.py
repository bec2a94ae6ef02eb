"""Products, variants, their codes and packagings."""
