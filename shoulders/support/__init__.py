"""What only serves: devices, memory on disk, places, progress, downloads, names, errors. It knows nothing of the field."""
