"""How a score is put on a stage: who stands where, how loud, how notes ring, the room."""
