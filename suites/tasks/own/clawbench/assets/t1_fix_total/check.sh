if [ "$(sh total.sh orders.txt)" = 49 ]; then echo right; else echo wrong; fi
