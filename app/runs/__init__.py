"""Training runs as StyleGAN2-ADA, its forks and `blindread train` write them: text files in a folder, read without torch and without trust."""
