"""The dissertation's tables and figures: each public function of a module here is one, and takes the scale."""
