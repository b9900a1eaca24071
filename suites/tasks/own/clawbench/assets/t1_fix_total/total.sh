# Adds up the numbers of a file, one a line.
sum=1
while read -r number; do
  sum=$((sum + number))
done < "$1"
echo "$sum"
