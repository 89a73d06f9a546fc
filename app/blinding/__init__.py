"""What may tell synthetic images from real ones other than anatomy: measured, tested, mended. No framework, no database."""
