"""The local stack: template.yaml itself, run on emulators and worker processes of this machine."""
