"""The Train room: from good images and a bad one to a restorer of one's own."""
