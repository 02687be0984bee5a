/** The release whose API is served, with keelson's name as its build. */
export const release = { major: "1", minor: "36", gitVersion: "v1.36.0+keelson" };
