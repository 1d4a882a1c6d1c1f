// Style sheets that scripts import: the build puts them into one file beside the script.
declare module '*.css';
