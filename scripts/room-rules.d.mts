// Types of room-rules.mjs for the test that reads the imports.
export const allowedRooms: Readonly<Record<string, readonly string[]>>;
export const pureRooms: readonly string[];
