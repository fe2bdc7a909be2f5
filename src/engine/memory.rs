//! What data structures hold in memory, counted by what they have room for.

/// Size of what `values` has room for, used or not \[B\].
pub fn allocated_bytes<T>(values: &Vec<T>) -> u64 {
    (values.capacity() * size_of::<T>()) as u64
}

#[cfg(test)]
mod tests {
    #[test]
    fn room_is_what_was_reserved() {
        assert_eq!(super::allocated_bytes(&Vec::<u64>::with_capacity(10)), 80);
        assert_eq!(super::allocated_bytes(&Vec::<u64>::new()), 0);
    }
}
