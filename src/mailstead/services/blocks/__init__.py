"""The block list and the allow list: asked at every transaction, changed by those who may."""
