"""What tests of every tier share: tables built from template.yaml, emulators, the local stack."""
