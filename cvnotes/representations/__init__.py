"""What is left of a picture in a net: maps of codes, pictures rebuilt from codes, and answers beside those of people.

Chapter: representations.
"""
