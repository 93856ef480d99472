/** How long texts of the registers may be, as the server checks them; a field takes no more. */

/** Names of users, units, grids, zones and targets, in characters. */
export const NAME_MAX_CHARS = 200
