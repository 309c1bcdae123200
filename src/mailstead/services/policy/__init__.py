"""What domains want: remembered by those who ask often, changed by those who may."""
