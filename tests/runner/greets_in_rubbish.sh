# error: its first words are garbled
hear
say '{"hello":"world"}'
