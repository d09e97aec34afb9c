"""An SFTP server of Paramiko for the tests: python3 paramiko_server.py ADDRESS PORT HOST_KEY HOME USER PASSWORD [CHANGES]

It takes the keys in the file authorized_keys beside the host key, and the password. CHANGES is a file of Python
that may replace what is defined here before the server begins.
"""

import os
import socket
import sys
import threading

import paramiko
from paramiko.common import cMSG_DISCONNECT, cMSG_USERAUTH_INFO_REQUEST

address, port, host_key, home, user, password = sys.argv[1:7]


def authorized_keys():
    with open(os.path.join(os.path.dirname(host_key), "authorized_keys")) as file:
        return [line.split()[1] for line in file if line.strip()]


disabled = {}  # algorithms that a test takes away


class Server(paramiko.ServerInterface):
    methods = "publickey,password"
    steps = []  # methods that have succeeded

    def get_allowed_auths(self, name):
        return self.methods

    def check_auth_publickey(self, name, key):
        if name == user and key.get_base64() in authorized_keys():
            return self.right("publickey")
        return paramiko.AUTH_FAILED

    def check_auth_password(self, name, given):
        if name == user and given == password:
            return self.right("password")
        return paramiko.AUTH_FAILED

    def right(self, method):
        return paramiko.AUTH_SUCCESSFUL

    def check_channel_request(self, kind, channel_id):
        return paramiko.OPEN_SUCCEEDED


class Files(paramiko.SFTPServerInterface):
    def local(self, path):
        return os.path.join(home, self.canonicalize(path).lstrip("/"))

    def attempt(self, work):
        try:
            return work()
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)

    def list_folder(self, path):
        def work():
            folder, entries = self.local(path), []
            for name in os.listdir(folder):
                entry = paramiko.SFTPAttributes.from_stat(os.lstat(os.path.join(folder, name)))
                entry.filename = name
                entries.append(entry)
            return entries
        return self.attempt(work)

    def stat(self, path):
        return self.attempt(lambda: paramiko.SFTPAttributes.from_stat(os.stat(self.local(path))))

    def lstat(self, path):
        return self.attempt(lambda: paramiko.SFTPAttributes.from_stat(os.lstat(self.local(path))))

    def remove(self, path):
        def work():
            os.remove(self.local(path))
            return paramiko.SFTP_OK
        return self.attempt(work)

    def open(self, path, flags, attributes):
        def work():
            file = os.fdopen(os.open(self.local(path), flags, 0o644), "rb+" if flags & os.O_RDWR else "wb" if flags & os.O_WRONLY else "rb")
            handle = paramiko.SFTPHandle(flags)
            handle.readfile = handle.writefile = file
            return handle
        return self.attempt(work)


def disconnect(transport, reason, text):
    """Say goodbye, as a server does that has had enough (RFC 4253 section 11.1)."""
    message = paramiko.Message()
    message.add_byte(cMSG_DISCONNECT)
    message.add_int(reason)
    message.add_string(text)
    message.add_string("")
    transport._send_message(message)
    transport.close()


def demand_new_password(transport, text):
    """Answer a password with SSH_MSG_USERAUTH_PASSWD_CHANGEREQ (RFC 4252 section 8), which has the number of INFO_REQUEST."""
    message = paramiko.Message()
    message.add_byte(cMSG_USERAUTH_INFO_REQUEST)
    message.add_string(text)
    message.add_string("")
    transport._send_message(message)


def serve(connection):
    transport = paramiko.Transport(connection, disabled_algorithms=disabled)
    transport.add_server_key(paramiko.Ed25519Key(filename=host_key))
    transport.set_subsystem_handler("sftp", paramiko.SFTPServer, Files)
    server = Server()
    server.transport = transport
    transport.start_server(event=threading.Event(), server=server)


if len(sys.argv) > 7:
    with open(sys.argv[7]) as changes:
        exec(changes.read())

listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind((address, int(port)))
listener.listen()
kept = []
while True:
    connection, _ = listener.accept()
    kept.append(connection)
    threading.Thread(target=serve, args=(connection,), daemon=True).start()
