//! Reports made from files: HTML, plots, tables and heat-map galleries.
