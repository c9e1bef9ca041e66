"""An FTP server with the black box, and logs in ProFTPD's formats."""
