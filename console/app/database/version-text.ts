/** `17.12` of `17.12 (Debian 17.12-0+deb13u1)`: the package it comes from is for operators. */
export const versionText = (version: string): string => `PostgreSQL ${version.replace(/ .*/, '')}`
