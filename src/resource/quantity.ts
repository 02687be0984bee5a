/** An amount: 3, "500m", "2Gi"; exact inside, given back as a number of the base unit. */
export type Quantity = number | string;
