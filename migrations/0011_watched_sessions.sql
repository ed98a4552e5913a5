-- A watched session has no subject. Until now that was written as a word that a player's id may be.
UPDATE login_binding SET subject = '' WHERE subject = 'watched';
